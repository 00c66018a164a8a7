"""One year's archive (年度归档包): a signed zip that can be read, and proven, without this software."""
