"""A runner of workflows on this machine: the forge's expressions, jobs, steps and events, on real git repositories."""
