"""What Prefect schedules. A flow reads like the process."""

from disclosure.platform.settings import switch_telemetry_off

# However a part is started, by our commands or alone.
switch_telemetry_off()
