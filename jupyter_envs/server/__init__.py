"""The REST face: thin handlers over the engine, job log sockets and events."""
