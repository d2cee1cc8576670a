"""Mean-field games of OpenSpiel as arrays over nodes, states and actions, with rewards as formulas."""
