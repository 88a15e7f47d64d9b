async def work(): pass
c = work()
