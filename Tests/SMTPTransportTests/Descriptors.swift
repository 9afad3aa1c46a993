import Glibc

// Variadic functions of the C library, which only Glibc's own overlay can call.

func statusFlags(of descriptor: Int32) -> Int32 { fcntl(descriptor, F_GETFL) }

func descriptorFlags(of descriptor: Int32) -> Int32 { fcntl(descriptor, F_GETFD) }

func openForReading(_ path: String) -> Int32 { unsafe open(path, O_RDONLY | O_CLOEXEC) }
