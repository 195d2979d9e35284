#include "daemon/known/value_table.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "filters/known/known.h"

namespace redactd {
namespace {

/// Whether a value found at `where` belongs to a file, or to a file in a folder, that was not read.
bool lies_in(const std::string& where, const std::string& unread) {
  if (!where.starts_with(unread)) return false;
  return where.size() == unread.size() || where[unread.size()] == '/' ||
         where[unread.size()] == ',';
}

/// The first of them, and how many there are besides.
std::string joined(const std::vector<std::string>& places) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < std::min(places.size(), kShown); ++i)
    text.append(i == 0 ? "" : ", ").append(places[i]);
  if (places.size() > kShown)
    text.append(" and ").append(std::to_string(places.size() - kShown)).append(" more");
  return text;
}

}  // namespace

ValueTable::ValueTable(size_t most, ControlCounters& counters, Warn warn)
    : most_(most), counters_(counters), warn_(std::move(warn)) {}

void ValueTable::set_most(size_t most) {
  most_ = most;
  full_ = false;
  count();
}

bool ValueTable::replace(const std::string& name, Reading reading) {
  Source& source = sources_[name];
  std::set<FoundTrouble> troubles(reading.troubles.begin(), reading.troubles.end());
  std::set<FoundTrouble> refused;
  refuse_unfit(reading, refused);
  std::set<std::string> kept;  // the places that could not be read and whose values stay
  for (const Entry& old : source.entries) {
    auto unread =
        std::find_if(reading.unread.begin(), reading.unread.end(),
                     [&](const std::string& place) { return lies_in(old.found.where, place); });
    if (unread == reading.unread.end()) continue;
    reading.values.push_back(old.found);
    kept.insert(*unread);
  }
  for (const FoundTrouble& trouble : troubles) {
    if (source.troubles.count(trouble) > 0) continue;
    const bool stays = kept.count(trouble.where) > 0;
    warn_(trouble.where, trouble.reason + (stays ? "; the value of before stays masked" : ""));
  }
  warn_of_unfit(refused, source.troubles);
  source.troubles = std::move(troubles);
  source.troubles.merge(refused);

  bool same = std::equal(source.entries.begin(), source.entries.end(), reading.values.begin(),
                         reading.values.end(),
                         [](const Entry& old, const FoundValue& now) { return old.found == now; });
  if (same) return false;
  source.entries.clear();
  for (FoundValue& found : reading.values) source.entries.push_back({std::move(found), {}});
  count();
  return true;
}

void ValueTable::refuse_unfit(Reading& reading, std::set<FoundTrouble>& refused) const {
  std::erase_if(reading.values, [&](const FoundValue& found) {
    std::string reason = refuse_known(found.known.value);
    if (reason.empty()) return false;
    refused.insert({found.where + " (" + found.known.name + ")", "is not masked: it " + reason});
    return true;
  });
}

/// Those with one reason at once: a log that holds back what comes too often would drop some of
/// them, and other warnings with them.
void ValueTable::warn_of_unfit(const std::set<FoundTrouble>& refused,
                               const std::set<FoundTrouble>& told) const {
  std::set<FoundTrouble> left;
  std::set_difference(refused.begin(), refused.end(), told.begin(), told.end(),
                      std::inserter(left, left.end()));
  counters_.known_refused.add(left.size());
  while (!left.empty()) {
    const std::string reason = left.begin()->reason;
    std::vector<std::string> places;
    for (const FoundTrouble& trouble : left)
      if (trouble.reason == reason) places.push_back(trouble.where);
    std::erase_if(left, [&](const FoundTrouble& trouble) { return trouble.reason == reason; });
    warn_(joined(places), reason);
  }
}

bool ValueTable::keep_only(const std::set<std::string>& names) {
  bool changed = false;
  for (auto& [name, source] : sources_) {
    bool retired = names.count(name) == 0;
    changed = changed || (retired != source.retired && !source.entries.empty());
    source.retired = retired;
  }
  count();
  return changed;
}

void ValueTable::forget_retired() {
  std::erase_if(sources_, [](const auto& source) { return source.second.retired; });
}

ValueTable::Added ValueTable::add(const std::string& name, FoundValue found,
                                  std::optional<Time> expires) {
  if (std::string reason = refuse_known(found.known.value); !reason.empty()) {
    counters_.known_refused.add();
    return {false, "it " + reason};
  }
  Source& source = sources_[name];
  for (Entry& entry : source.entries) {
    if (!(entry.found.known == found.known)) continue;
    entry.expires = expires;
    return {};
  }
  if (total_ >= most_) {
    counters_.known_refused.add();
    return {false,
            "there are " + std::to_string(most_) + " values already (known_values.max_values)"};
  }
  source.entries.push_back({std::move(found), expires});
  count();
  return {true, {}};
}

size_t ValueTable::remove(const std::string& name,
                          const std::function<bool(const KnownValue&)>& which) {
  auto source = sources_.find(name);
  if (source == sources_.end()) return 0;
  size_t removed = std::erase_if(source->second.entries,
                                 [&](const Entry& entry) { return which(entry.found.known); });
  count();
  return removed;
}

size_t ValueTable::count_of(const std::string& name) const {
  auto source = sources_.find(name);
  return source == sources_.end() ? 0 : source->second.entries.size();
}

bool ValueTable::expire(Time now) {
  size_t expired = 0;
  for (auto& [name, source] : sources_) {
    expired += std::erase_if(
        source.entries, [&](const Entry& entry) { return entry.expires && *entry.expires <= now; });
  }
  count();
  return expired > 0;
}

std::optional<ValueTable::Time> ValueTable::next_expiry() const {
  std::optional<Time> next;
  for (const auto& [name, source] : sources_) {
    for (const Entry& entry : source.entries) {
      if (entry.expires && (!next || *entry.expires < *next)) next = entry.expires;
    }
  }
  return next;
}

std::vector<KnownValue> ValueTable::values() const {
  std::vector<KnownValue> all;
  std::unordered_set<std::string_view> seen;
  for (const auto& [name, source] : sources_) {
    if (source.retired) continue;
    for (const Entry& entry : source.entries) {
      if (all.size() >= most_) return all;
      const KnownValue& known = entry.found.known;
      if (seen.insert(known.value.view()).second) all.push_back(known);
    }
  }
  return all;
}

std::vector<ValueTable::Entry> ValueTable::entries() const {
  std::vector<Entry> all;
  for (const auto& [name, source] : sources_) {
    if (!source.retired) all.insert(all.end(), source.entries.begin(), source.entries.end());
  }
  return all;
}

void ValueTable::count() {
  total_ = 0;
  for (const auto& [name, source] : sources_) total_ += source.retired ? 0 : source.entries.size();
  counters_.known_values.set(std::min(total_, most_));
  bool full = total_ > most_;
  if (full && !full_) {
    warn_("known_values.max_values",
          "there are more than " + std::to_string(most_) + " values; those beyond are not masked");
  }
  full_ = full;
}

}  // namespace redactd
