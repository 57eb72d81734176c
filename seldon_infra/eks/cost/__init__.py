"""What objects of AWS cost, by AWS's own price list: no price is kept in the library."""
