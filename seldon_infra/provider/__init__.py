"""The plugin process `pulumi-resource-seldon`: makes the declared resources real."""
