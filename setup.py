"""What is installed: one package. In a checkout data_tools/, configs/ and checkpoints/ stand beside dctnet/; installed,
they are inside it: packages called data_tools or configs may belong to others. All else is in pyproject.toml."""
from setuptools import find_packages, setup

tools = find_packages(include=['data_tools', 'data_tools.*'])

setup(
    packages=find_packages(include=['dctnet', 'dctnet.*']) + [f'dctnet.{name}' for name in tools] + [
        'dctnet.configs', 'dctnet.checkpoints'],
    package_dir={'dctnet.data_tools': 'data_tools', 'dctnet.configs': 'configs', 'dctnet.checkpoints': 'checkpoints'},
    package_data={'dctnet': ['**/*.css', '**/*.js', '**/*.html'], 'dctnet.configs': ['**/*.yaml'],
                  'dctnet.checkpoints': ['manifest.yaml', 'README.md'], 'dctnet.data_tools': ['**/*.css']},
    exclude_package_data={'dctnet.configs': ['cluster/*']},
)
