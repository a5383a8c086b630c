-- wrk's requests: a path, with one of some ids at random, or a POST whose title was never sent before.
-- Arguments: method, path (with %s for an id, if it varies), how many ids, the ids, access tokens of the people who
-- take turns.
local method, path, ids, people, sent, mark

function init(arguments)
  method, path, ids, people = arguments[1], arguments[2], {}, {}
  for place = 4, 3 + tonumber(arguments[3]) do
    ids[#ids + 1] = arguments[place]
  end
  for place = 4 + #ids, #arguments do
    people[#people + 1] = {["Authorization"] = "Bearer " .. arguments[place], ["Content-Type"] = "application/json"}
  end
  math.randomseed(os.time())
  sent, mark = 0, string.format("%x", math.random(2 ^ 30))
end

function request()
  sent = sent + 1
  local headers = people[1 + sent % #people]
  if method == "POST" then
    local body = '{"title": "Post %s %d", "body": "%s", "tags": ["astronomy"]}'
    return wrk.format("POST", path, headers, string.format(body, mark, sent, string.rep("It was a clear night. ", 10)))
  end
  return wrk.format("GET", #ids > 0 and string.format(path, ids[math.random(#ids)]) or path, headers)
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  local shape = '\nRESULT {"requests": %d, "seconds": %.6f, "failed": %d, "p99_ms": %.3f}\n'
  io.write(string.format(shape, summary.requests, summary.duration / 1e6, failed, latency:percentile(99) / 1000))
end
