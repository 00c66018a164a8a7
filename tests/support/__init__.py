"""What tests share: bureaus, running offices, servers, real figures and hostile files."""
