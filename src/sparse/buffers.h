// Which tensors share memory: those of one layout that live at different times. A sum may take the
// place of what is added to it, an activation that of what it reads.
#pragma once

namespace pollard::sparse {

struct Lowered;

/// Gives every tensor its place, the arena its size, and turns the ops' spots into places in it.
void place_tensors(Lowered& lowered);

}  // namespace pollard::sparse
