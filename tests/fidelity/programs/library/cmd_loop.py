import cmd
class Shell(cmd.Cmd):
    prompt = "> "
    def do_hello(self, arg): print("hello", arg)
    def do_EOF(self, arg): print("bye"); return True
Shell().cmdloop("welcome")
