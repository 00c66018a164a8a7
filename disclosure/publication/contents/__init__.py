"""What lies on a channel: the site, its folders and documents."""
