#include "config/daemon/cross_checks.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "config/daemon/loop.h"

namespace redactd {
namespace {

template <class Config>
std::string quoted_name(const YamlReader& place, const Config& config) {
  return place["name"].quoted(config.name);
}

template <class Config>
void check_names(const std::vector<Config>& all, const std::vector<YamlReader>& places,
                 const char* what) {
  std::set<std::string> names;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].name.empty() && !names.insert(all[i].name).second)
      places[i]["name"].fail(quoted_name(places[i], all[i]) + " is the name of an earlier " + what);
  }
}

/// A process has one standard input and one standard output.
template <class Config>
void check_single(const std::vector<Config>& all, const std::vector<YamlReader>& places,
                  typename Config::Type type, const char* message) {
  bool seen = false;
  for (size_t i = 0; i < all.size(); ++i) {
    // An entry whose type could not be read has the default type.
    if (all[i].type != type || !places[i].has("type")) continue;
    if (seen) places[i]["type"].fail(message);
    seen = true;
  }
}

bool feeds(const SourceConfig& source, const SinkConfig& sink) {
  return source.sinks.empty() ||
         std::find(source.sinks.begin(), source.sinks.end(), sink.name) != source.sinks.end();
}

void check_references(const DaemonConfig& config, const ConfigPlaces& places) {
  std::vector<std::string_view> names;
  std::vector<std::string_view> showable;
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    names.emplace_back(config.sinks[i].name);
    if (!places.sinks[i]["name"].is_put_in()) showable.emplace_back(config.sinks[i].name);
  }
  for (size_t i = 0; i < config.sources.size(); ++i) {
    std::set<std::string> seen;
    for (const YamlReader& item : places.sources[i]["sinks"].items()) {
      std::optional<std::string> name = item.text();
      if (!name) continue;
      if (std::find(names.begin(), names.end(), *name) == names.end())
        item.fail(item.quoted(*name) + " is the name of no sink" + did_you_mean(*name, showable));
      if (!seen.insert(*name).second) item.fail("stands in the list already");
    }
  }
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    bool fed =
        std::any_of(config.sources.begin(), config.sources.end(),
                    [&](const SourceConfig& source) { return feeds(source, config.sinks[i]); });
    if (!fed && !config.sources.empty())
      places.sinks[i].fail("no source writes to this sink; name it in a source's sinks");
  }
}

/// A queue that drops would drop every record that is larger than itself.
void check_queues(const DaemonConfig& config, const ConfigPlaces& places) {
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    const SinkConfig& sink = config.sinks[i];
    if (sink.when_full == SinkConfig::WhenFull::block) continue;
    for (size_t j = 0; j < config.sources.size(); ++j) {
      const SourceConfig& source = config.sources[j];
      if (!feeds(source, sink) || source.max_record <= sink.queue_bytes) continue;
      places.sinks[i][places.sinks[i].has("queue_bytes") ? "queue_bytes" : "when_full"].fail(
          "the queue (" + bytes_text(sink.queue_bytes) + ") cannot hold the longest record of " +
          quoted_name(places.sources[j], source) + " (" + bytes_text(source.max_record) +
          "), which would always be dropped");
      break;
    }
  }
}

void check_addresses(const DaemonConfig& config, const ConfigPlaces& places,
                     const YamlReader& document) {
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const SourceConfig& source = config.sources[i];
    if (!has_address(source)) continue;
    auto same = [&](const SourceConfig& other) {
      return has_address(other) && collide(source.listen, other.listen);
    };
    auto end = config.sources.begin() + static_cast<std::ptrdiff_t>(i);
    auto earlier = std::find_if(config.sources.begin(), end, same);
    if (earlier != end) {
      const YamlReader& place =
          places.sources[static_cast<size_t>(earlier - config.sources.begin())];
      places.sources[i]["listen"].fail("is where " + quoted_name(place, *earlier) +
                                       " listens already");
    }
    if (config.admin.on && collide(source.listen, config.admin.listen)) {
      YamlReader admin = document["admin"]["listen"];
      (admin.present() ? admin : places.sources[i]["listen"])
          .fail("the admin endpoint and " + quoted_name(places.sources[i], source) +
                " listen on the same address");
    }
  }
}

/// Files and sockets that redactd makes or writes are used for one thing; so is a file that is
/// followed, for what is written to it would be read again.
class Claims {
 public:
  void add(const std::string& path, const std::string& use, const YamlReader& place) {
    if (path.empty()) return;
    auto [earlier, fresh] = uses_.emplace(plain_path(path), use);
    if (!fresh) place.fail("is the path of " + earlier->second + " already");
  }

 private:
  std::map<std::string, std::string> uses_;
};

/// Links are followed as far as there is something. A sink that shares its spool would wait for
/// ever.
std::string without_links(const std::string& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  return error || path.empty() ? path : real.string();
}

void check_paths(const DaemonConfig& config, const ConfigPlaces& places,
                 const YamlReader& document) {
  Claims claims;
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const SourceConfig& source = config.sources[i];
    std::string of = " of source " + quoted_name(places.sources[i], source);
    claims.add(source.path, "the log" + of, places.sources[i]["path"]);
    claims.add(source.position_file, "the position" + of, places.sources[i]["position_file"]);
    // Two that listen on one path were told by check_addresses().
  }
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    std::string of = "sink " + quoted_name(places.sinks[i], config.sinks[i]);
    claims.add(config.sinks[i].path, of, places.sinks[i]["path"]);
    claims.add(without_links(config.sinks[i].spool.directory), "the spool of " + of,
               places.sinks[i]["spool"]["directory"]);
  }
  claims.add(config.known_values.socket, "known_values.socket", document["known_values"]["socket"]);
  std::set<std::string> sockets;
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const Address& listen = config.sources[i].listen;
    bool socket = listen.transport == Address::Transport::unix_stream ||
                  listen.transport == Address::Transport::unix_datagram;
    if (socket && sockets.insert(listen.path).second)
      claims.add(listen.path, "source " + quoted_name(places.sources[i], config.sources[i]),
                 places.sources[i]["listen"]);
  }
}

/// What a sink sends to a source of the same process goes round for ever.
void check_loops(const DaemonConfig& config, const ConfigPlaces& places) {
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    std::vector<YamlReader> items = places.sinks[i]["endpoints"].items();
    for (const YamlReader& item : items) {
      std::string ignored;
      std::optional<std::string> url = item.text();
      std::optional<Address> endpoint = url ? parse_address(*url, ignored) : std::nullopt;
      if (!endpoint) continue;
      for (size_t j = 0; j < config.sources.size(); ++j) {
        const SourceConfig& source = config.sources[j];
        if (leads_back(*endpoint, source))
          item.fail("is where " + quoted_name(places.sources[j], source) +
                    " listens: records would go round for ever");
      }
    }
  }
}

}  // namespace

void cross_check(const DaemonConfig& config, const ConfigPlaces& places,
                 const YamlReader& document) {
  check_names(config.sources, places.sources, "source");
  check_names(config.sinks, places.sinks, "sink");
  check_single(config.sources, places.sources, SourceConfig::Type::stdin_,
               "is the second source of type stdin; there is one standard input");
  check_single(config.sinks, places.sinks, SinkConfig::Type::stdout_,
               "is the second sink of type stdout; there is one standard output");
  check_references(config, places);
  check_queues(config, places);
  check_addresses(config, places, document);
  check_paths(config, places, document);
  check_loops(config, places);
}

}  // namespace redactd
