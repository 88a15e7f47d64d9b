"""Model back ends: everything here generates text behind `veristone.Model`.

config      settings, told apart by `kind`; importing them imports nothing heavy
registry    the command line's words for a model, and opening it
openai      any OpenAI-compatible server, over HTTP; answers, pressure and retry belong to it
local/      vLLM or transformers in this process
recorded    the table of recorded generations; recording writes it and answers from it
"""
