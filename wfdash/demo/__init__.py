"""The Workflows API in process. Imports nothing else of wfdash, so the two cannot share a mistake.

    world = wfdash.demo.engine.world.build("calm", clock=time.time, seed="wfdash")
    app = wfdash.demo.http.api.create_app(world, faults=[Fault.parse("429:2@PATCH")], latency=0.05)
    transport = httpx.ASGITransport(app=app)        # base URL: any host, path /client/v4
    app.state.requests                              # what it was asked, as demo.http.request_log.Asked
    app.state.faults.append(...)                    # what to spoil from now on: wfdash.demo.http.faults.Fault

The credentials it accepts are in wfdash.demo.http.credentials; wfdash.demo.http.serve offers the same on
loopback.
"""
