#!/bin/sh
# OpenTelemetry's force_flush ignores its time-out, and says True after it.
#
# Version:   opentelemetry-sdk 1.45.2 (PyPI)
# Behaviour: BatchSpanProcessor.force_flush(timeout_millis) exports in the calling thread and passes no time-out on, so
#            it lasts as long as the exporter does. It returns True although the time-out has passed.
# Output:    force_flush(200 ms) with an exporter that takes 2 s: 2.0 s, returned True
# Seen on:   2026-11-28
# Why here:  a service has 25 s to stop, and a collector that hangs must not use them up. So the bound is set on the
#            exporter (2 s), and a test holds that the end of a process does not wait longer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opentelemetry-sdk==1.45.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Slow(SpanExporter):
    def export(self, spans):
        time.sleep(2)
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Slow()))
with provider.get_tracer("trial").start_as_current_span("one"):
    pass
started = time.monotonic()
returned = provider.force_flush(200)
took = time.monotonic() - started
print(f"force_flush(200 ms) with an exporter that takes 2 s: {took:.1f} s, returned {returned}")
sys.exit(not (took >= 2 and returned is True))
PYTHON
