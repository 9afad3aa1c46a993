import CMatrix
import Testing

/// The C program of Tests/c/matrix against the ordinary build, in which Swift checks while
/// running that nothing is looked at in the middle of a change.
struct MatrixTests {
  @Test func everyCallbackMayCallEveryFunction() {
    #expect(matrix_run() == 0)
  }
}
