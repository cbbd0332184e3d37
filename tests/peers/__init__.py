"""Real servers for tests, private and throwaway. Start reading in README.md."""
