// What table [list] of the configuration means for the engine and the zones of our own lists.
#pragma once

#include <vector>

#include "base/hash.h"
#include "config/settings.h"
#include "listing/list_engine.h"
#include "listing/name_list.h"
#include "listing/served_list.h"
#include "listing/zone_set.h"
#include "net/socket_address.h"

namespace leumund::apps {

[[nodiscard]] listing::ListEngine::Settings list_engine_settings(const config::Settings& settings,
                                                                 base::HashKey key);
// One for each of list.zones that lists addresses, and for each that lists names.
[[nodiscard]] std::vector<listing::ServedList::Settings> list_settings(
    const config::Settings& settings, base::HashKey key);
[[nodiscard]] std::vector<listing::NameList::Settings> list_name_settings(
    const config::Settings& settings);
// Who may ask; null: everybody.
[[nodiscard]] listing::DatasetPointer list_access(const config::StartSettings& start);
[[nodiscard]] std::vector<net::SocketAddress> list_addresses(const config::StartSettings& start);

}  // namespace leumund::apps
