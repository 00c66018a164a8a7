-- Prefect's own database beside our records: it may be lost, they may not.
CREATE DATABASE prefect OWNER disclosure;
