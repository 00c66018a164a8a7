"""Four channels on real servers, for every test of this room that asks for them."""

from tests.support.four_channels import account, environment, partially, s3, signed, signed_once

__all__ = ["account", "environment", "partially", "s3", "signed", "signed_once"]
