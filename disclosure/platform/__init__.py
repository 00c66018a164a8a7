"""What every room stands on: settings, errors, clock, templates, ciphers and files on other machines."""
