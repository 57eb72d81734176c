"""What each `seldon:` resource type takes and gives: shared by the program and the plugin, so it imports neither."""
