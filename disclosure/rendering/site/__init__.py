"""The pages of the site that are made from more than one release: home, histories, counties, search, feeds."""
