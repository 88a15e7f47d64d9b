"""What OpenAI-compatible servers are sent and what they answer. All of it pure.

body      a request as JSON; how one request is split where a server gives fewer choices
answers   bytes of a server as completions; nothing in them is believed
faults    what a status means: ask again, never ask this again, or a wrong setting
vllm      what vLLM adds to OpenAI's protocol
"""
