class Node:
    def __init__(self, name): self.name, self.me = name, self
    def __del__(self): print("node", self.name)
for i in range(3):
    Node(i)
last = Node("last")
