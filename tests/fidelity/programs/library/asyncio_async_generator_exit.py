import asyncio
async def gen():
    try:
        for i in range(10):
            yield i
    finally:
        await asyncio.sleep(0)
        print("closed properly")
async def main():
    g = gen()
    print(await anext(g))
asyncio.run(main())
