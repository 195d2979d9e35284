#include "daemon/known/value_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "daemon/descriptor.h"
#include "daemon/known/dotenv.h"
#include "daemon/known/names.h"
#include "filters/byte_order_mark.h"

namespace redactd {
namespace {

constexpr size_t kPieceBytes = 16 * 1024;

using Format = KnownValuesConfig::Path::Format;

std::string_view base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_dotenv(std::string_view name) { return name.starts_with(".env") || name.ends_with(".env"); }

class Reader {
 public:
  Reader(const KnownValuesConfig::Path& path, size_t most) : path_(path), most_(most) {}

  Reading read() {
    read_entry(path_.path, std::string(base_name(path_.path)), 0, true);
    return std::move(reading_);
  }

 private:
  void trouble(const std::string& file, std::string reason) {
    reading_.troubles.push_back({"file " + file, std::move(reason)});
  }

  /// What is not there has no value; what is there and cannot be read may still be in use.
  void cannot_read(const std::string& file, int error) {
    if (error != ENOENT && error != ENOTDIR) reading_.unread.push_back("file " + file);
    trouble(file, "cannot be read: " + std::generic_category().message(error));
  }

  void read_entry(const std::string& file, const std::string& name, int depth, bool named) {
    if (reading_.values.size() >= most_) return;
    // Without O_NONBLOCK a FIFO would hold the thread.
    Descriptor opened(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status {};
    if (opened.get() < 0 || fstat(opened.get(), &status) != 0) {
      // A link in a folder that leads nowhere is on its way out, or belongs to a swap.
      if (named || errno != ENOENT) cannot_read(file, errno);
    } else if (S_ISDIR(status.st_mode)) {
      read_folder(file, named ? "" : name + ".", depth);
    } else if (S_ISREG(status.st_mode)) {
      read_file(opened.get(), file, name);
    } else if (named) {
      trouble(file, "is neither a file nor a folder");
    }
  }

  void read_folder(const std::string& folder, const std::string& prefix, int depth) {
    if (depth >= kDeepestFolder) return trouble(folder, "lies too deep and is left out");
    std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
    if (!entries) return cannot_read(folder, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(entries.get())) {
      std::string_view name = entry->d_name;
      if (name != "." && !name.starts_with("..")) names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return cannot_read(folder, errno);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      std::string path = folder;
      read_entry(path.append("/").append(name), prefix + name, depth + 1, false);
    }
  }

  void read_file(int fd, const std::string& file, const std::string& name) {
    Secret bytes;
    Secret piece = Secret::of_size(kPieceBytes);
    bool list = path_.format == Format::lines;
    const size_t most = list ? kLargestList : kLargestValueFile;
    while (bytes.size() <= most) {
      ssize_t got = ::read(fd, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return cannot_read(file, errno);
      if (got == 0) break;
      bytes.append(piece.view().substr(0, static_cast<size_t>(got)));
    }
    if (bytes.size() > most)
      return trouble(file,
                     std::string("is larger than ") + (list ? "64" : "1") + " MiB and is left out");
    std::string_view text = bytes;
    if (text.find('\0') != std::string_view::npos)
      return trouble(file, "is no text and is left out");
    take(without_byte_order_mark(text), file, name);
  }

  void take(std::string_view text, const std::string& file, const std::string& name) {
    Format format = path_.format;
    if (format == Format::automatic)
      format = is_dotenv(base_name(file)) ? Format::dotenv : Format::value;
    if (format == Format::dotenv) return take_pairs(text, file);
    if (format == Format::lines) return take_lines(text, file, name);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    add_found(reading_.values, name, "file " + file, text);
  }

  void take_pairs(std::string_view text, const std::string& file) {
    for (const KnownValue& pair : parse_dotenv(text)) {
      bool wanted = path_.names.empty() ? is_secret_variable(pair.name, pair.value)
                                        : matches_any_name(path_.names, pair.name);
      if (wanted) add_found(reading_.values, pair.name, "file " + file, pair.value);
    }
  }

  void take_lines(std::string_view text, const std::string& file, const std::string& name) {
    while (!text.empty() && reading_.values.size() < most_) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      add_found(reading_.values, name, "file " + file, line);
    }
  }

  const KnownValuesConfig::Path& path_;
  size_t most_;
  Reading reading_;
};

}  // namespace

Reading read_value_path(const KnownValuesConfig::Path& path, size_t most) {
  return Reader(path, most).read();
}

}  // namespace redactd
