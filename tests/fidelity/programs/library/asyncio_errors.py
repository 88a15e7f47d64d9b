import asyncio
async def bad(): raise ValueError("in a task")
async def main():
    asyncio.create_task(bad())
    await asyncio.sleep(0.01)
asyncio.run(main())
