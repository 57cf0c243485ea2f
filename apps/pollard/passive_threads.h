// Threads that sleep while they wait for work.
#pragma once

namespace pollard::app {

/// OpenMP's threads wait actively by default, which costs nothing on an idle machine but makes a
/// busy one two to three times slower (measured with ResNet-8 and ResNet-56 steps beside another
/// job). The policy is read once, when the program is loaded: this starts the program anew with
/// OMP_WAIT_POLICY=passive, unless the environment says how to wait. Returns where it cannot.
void wait_passively(char** arguments);

}  // namespace pollard::app
