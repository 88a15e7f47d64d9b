import asyncio
async def work(n):
    await asyncio.sleep(0.001 * n)
    return n
async def main():
    print(await asyncio.gather(*(work(n) for n in range(5))))
    task = asyncio.create_task(work(1))
    print(task.get_name(), asyncio.current_task().get_name())
    try:
        async with asyncio.timeout(0.01): await asyncio.sleep(10)
    except TimeoutError as error:
        print(type(error).__name__)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(i)) for i in range(3)]
    print([t.result() for t in tasks])
asyncio.run(main())
