"""Programs measured on request: evaluate, compare, solve, distill."""
