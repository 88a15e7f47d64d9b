import asyncio
async def numbers():
    try:
        yield 1
        yield 2
    finally:
        print("async generator closed")
async def main():
    async for n in numbers():
        print(n)
        break
asyncio.run(main())
g = numbers()
try:
    g.__anext__().send(None)
except StopIteration as stop:
    print(stop.value)
