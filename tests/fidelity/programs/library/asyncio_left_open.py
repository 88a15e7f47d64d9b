import asyncio
loop = asyncio.new_event_loop()
async def forever():
    try:
        await asyncio.sleep(100)
    finally:
        print("cancelled or closed")
task = loop.create_task(forever())
loop.run_until_complete(asyncio.sleep(0))
