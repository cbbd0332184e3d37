// What strangers may know of a listing: that it is one, since and until when, what put it there.
//
// Who can send a mail and look whether anything moved would learn which address is a trap and who
// complains. So of what is not listed nothing is told; of a listing the reports as they were when
// it began, and times that a later report would move only by the hour.
// Threads: pure.
#pragma once

#include <vector>

#include "face/list_control.h"

namespace leumund::face {

// In place; histories lose who did what and why, and what a listing of the past was made of.
void keep_what_is_public(std::vector<ListWhy>& lists);
void keep_what_is_public(std::vector<NameWhy>& lists);

}  // namespace leumund::face
