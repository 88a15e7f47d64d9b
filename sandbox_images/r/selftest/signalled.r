# expect: signalled
tools::pskill(Sys.getpid(), 9)
Sys.sleep(5)
