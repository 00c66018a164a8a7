"""The schedules, and how to run them."""

from disclosure.platform.settings import switch_telemetry_off

# However a part is started, by our commands or alone.
switch_telemetry_off()
