// The key under which this installation hashes recipients and names: made once, kept with the
// store.
#pragma once

#include "base/hash.h"
#include "base/result.h"
#include "storage/store.h"

namespace leumund::apps {

// Errors: the store cannot be read. One that cannot be written gives a key for this run only.
[[nodiscard]] base::Result<base::HashKey> installation_key(storage::Store& store);

}  // namespace leumund::apps
