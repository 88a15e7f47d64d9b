"""Model back ends: everything here generates text behind `veristone.Model`.

config      settings, told apart by `kind`; importing them imports nothing heavy
registry    the command line's words for a model, and opening it
openai      any OpenAI-compatible server, over HTTP
local/      vLLM or transformers in this process
replay      recorded generations from a file
recording   wraps a model and writes such a file
fake        a model for tests

wire/       OpenAI's protocol, as pure functions
transport, patience, pressure, backoff   HTTP; tries; how much a server is given; delays
recorded, recorded_index                 the lines of recordings, and where each lies
"""
