"""Everything that speaks Prefect's API: questions, forms, runs, deployments, observation and repair."""
