import logging, logging.handlers, sys
logging.warning("root, not configured")
log = logging.getLogger("app"); log.setLevel(logging.DEBUG)
handler = logging.StreamHandler(sys.stdout); handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(processName)s"))
log.addHandler(handler); log.debug("debug %s", 1); log.propagate = False
memory = logging.handlers.MemoryHandler(100, target=handler); log.addHandler(memory); log.info("kept until the end")
print(logging.root.handlers, logging.getLevelName(logging.root.level), logging.Logger.manager.loggerDict.keys())
