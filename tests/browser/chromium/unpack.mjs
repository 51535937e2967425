// Unpacks the browser of @sparticuz/chromium into node_modules/.unpacked, with a starter that names its libraries.
import { chmodSync, createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { extract } from "tar-fs";

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const packed = join(modules, "@sparticuz", "chromium", "bin");
const unpacked = join(modules, ".unpacked");
const fresh = `${unpacked}.fresh`;

const unpack = (name, target) =>
  pipeline(createReadStream(join(packed, name)), createBrotliDecompress(), target);

rmSync(fresh, { recursive: true, force: true });
rmSync(unpacked, { recursive: true, force: true });
mkdirSync(fresh);
await unpack("chromium.br", createWriteStream(join(fresh, "chrome"), { mode: 0o755 }));
await unpack("swiftshader.tar.br", extract(fresh));
await unpack("al2023.tar.br", extract(join(fresh, "al2023")));
await unpack("fonts.tar.br", extract(join(fresh, "fonts")));
// Without --no-zygote it hangs on some machines, and with it it refuses to start in a sandbox.
// The machine's own libraries come first: the package's are those of Amazon Linux and only fill gaps.
const starter = `#!/bin/sh
here=$(dirname "$0")
if ldd "$here/chrome" 2>/dev/null | grep -q "not found"; then
  export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here/fonts"
exec "$here/chrome" --no-zygote --no-sandbox "$@"
`;
writeFileSync(join(fresh, "chromium"), starter);
chmodSync(join(fresh, "chromium"), 0o755);
renameSync(fresh, unpacked);
