"""Workflows of other programs, taken over: what they wrote becomes a workflow document, with a report.

`conversion` is the door. A file of ComfyUI is read by `prompts_api` or `saved_graphs` into a
`ForeignGraph`, and the rules of a `RuleBook` say what becomes of each of its nodes. The rules are data that
lies beside the nodes they lead to, so nothing here knows what any node does.
"""
