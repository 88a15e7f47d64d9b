from multiprocessing import shared_memory, Value, Array, get_context
context = get_context("fork")
def work(v, a, name):
    with v.get_lock(): v.value += 5
    a[0] = 9
    block = shared_memory.SharedMemory(name=name); block.buf[0] = 42; block.close()
v, a = Value("i", 1), Array("d", 3)
block = shared_memory.SharedMemory(create=True, size=16)
p = context.Process(target=work, args=(v, a, block.name)); p.start(); p.join()
print(v.value, list(a), block.buf[0], p.exitcode)
block.close(); block.unlink()
