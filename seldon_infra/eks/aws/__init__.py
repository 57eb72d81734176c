"""What AWS says before anything is made: facts asked of it, and the rules that they are held against."""
