-- One kind of request to one server. Arguments: method, path (with %s for an id), body (with %s for a text that was never
-- sent before), how many ids, the ids, headers as "Name: value".
local method, path, body, ids, headers, sent, mark

function init(arguments)
  method, path, body, ids, headers = arguments[1], arguments[2], arguments[3], {}, {}
  for place = 5, 4 + tonumber(arguments[4]) do
    ids[#ids + 1] = arguments[place]
  end
  for place = 5 + #ids, #arguments do
    local name, value = arguments[place]:match("^(.-): (.*)$")
    headers[name] = value
  end
  math.randomseed(os.time())
  sent, mark = 0, string.format("%x", math.random(2 ^ 30))
end

function request()
  sent = sent + 1
  local asked = #ids > 0 and path:gsub("%%s", ids[math.random(#ids)]) or path
  local content = body ~= "" and body:gsub("%%s", mark .. "-" .. sent) or nil
  return wrk.format(method, asked, headers, content)
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  local shape = '\nRESULT {"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n'
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write(string.format(shape, summary.requests, summary.duration / 1e6, failed, p50, p99))
end
